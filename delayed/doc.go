package delayed
