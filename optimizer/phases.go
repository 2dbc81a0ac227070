package optimizer

// phases returns the phases in order. Within one, the order of rules matters little: they run until they rest.
func phases() []Phase {
	return []Phase{
		// Simple expressions and few nodes first: all later rules look at less, and recognise more.
		{Name: "normalise", Max: 5, Rules: []Rule{
			foldConstants, simplifyBoolean, unwrapCast, simplifyFilter, mergeFilters, mergeProjects, removeProject, mergeLimits, mergeSorts, dropUnseenSort, propagateEmpty,
			filterToJoin, extractJoinKeys, outerToInner,
		}},
		// Filters to where rows are made; into scans before limits go there, because a limit in a scan counts rows of its final predicate.
		{Name: "push filters", Max: 10, Rules: []Rule{
			limitThroughProject, mergeLimits, mergeFilters, filterThroughProject, filterThroughSort, filterThroughDistinct, filterThroughGroupBy, filterThroughWindow, filterThroughReshape,
			filterThroughConcat, filterThroughJoin, implyConditions, residualThroughJoin, outerToInner, filterToJoin, extractJoinKeys,
			foldConstants, simplifyBoolean, unwrapCast, simplifyFilter, filterIntoScan,
		}},
		{Name: "statistics", Max: 2, Rules: []Rule{filterByStatistics, countByStatistics, simplifyFilter, propagateEmpty}},
		{Name: "order and limits", Max: 10, Rules: []Rule{
			mergeLimits, limitThroughProject, limitThroughConcat, sortToTopK, mergeSorts, dropUnseenSort, limitIntoScan,
		}},
		{Name: "columns", Max: 3, Rules: []Rule{
			mergeProjects, removeProject, pruneColumns, propagateEmpty, dropUnseenSort, countByStatistics,
		}},
		{Name: "reduce", Max: 1, Rules: []Rule{reduceJoin}},
		{Name: "share", Max: 1, Rules: []Rule{shareSubplans}},
	}
}

// Rules returns the names of all rules, for Options.Disable.
func Rules() []string {
	var names []string
	seen := map[string]bool{}
	for _, p := range phases() {
		for _, r := range p.Rules {
			if !seen[r.Name] {
				seen[r.Name] = true
				names = append(names, r.Name)
			}
		}
	}
	return names
}
