package settle

import "github.com/octocompose/octocompose/compiler/tree"

// over is high laid over low, both free values: mappings are merged by key, and all else that high says takes the place
// of what low says, null and lists included. Keys of low stand first.
func over(low, high *tree.Node) *tree.Node {
	switch {
	case low == nil:
		return high
	case high == nil:
		return low
	case high.Kind == tree.Unknown || low.Kind != tree.Map || high.Kind != tree.Map:
		return above(high, low)
	}
	fields := make([]tree.Field, 0, len(low.Fields)+len(high.Fields))
	for _, f := range low.Fields {
		if i := high.Find(f.Key); i >= 0 {
			f = tree.Field{Key: f.Key, KeyAt: high.Fields[i].KeyAt, Value: over(f.Value, high.Fields[i].Value)}
		}
		fields = append(fields, f)
	}
	for _, f := range high.Fields {
		if low.Find(f.Key) < 0 {
			fields = append(fields, f)
		}
	}
	return above(high, low).WithFields(fields)
}

// above is high with low as the lowest of the values that it replaced.
func above(high, low *tree.Node) *tree.Node {
	if high.Was == nil {
		return high.Over(low)
	}
	return high.Over(above(high.Was, low))
}
