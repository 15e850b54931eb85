package search

// Recency makes an index large with fewer documents.
func (x *Index) Recency(large, part uint64, plenty, few int) {
	x.recency = recency{large, part, plenty, few}
}
