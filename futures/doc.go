package futures
