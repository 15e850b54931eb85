package publiccode

// Statuses are the values of developmentStatus.
func Statuses() []string { return []string{"concept", "development", "beta", "stable", "obsolete"} }
