package check

// autoscale: the bounds make sense, and the number of replicas that is written lies within them.
func autoscale(x *subject) {
	a := x.s.Autoscale
	if a == nil || a.Max < 1 {
		return
	}
	least, p := 1, x.p.Key("autoscale")
	if a.Min != nil {
		least = *a.Min
	}
	if least > a.Max {
		x.error(p.Key("min"), "cannot keep at least %d of at most %d replicas", least, a.Max).
			See(p.Key("max"), "the greatest number stands here").Helpf("write min no greater than max")
		return
	}
	if n := x.s.Replicas; n != nil && (*n < least || *n > a.Max) {
		x.error(x.p.Key("replicas"), "cannot use %d replicas; autoscale allows %d to %d", *n, least, a.Max).
			See(p, "the bounds stand here").Helpf("delete replicas: autoscale chooses the number; targets without it run the least")
	}
}

// everywhere: one on each machine leaves nothing to count.
func everywhere(x *subject) {
	m := x.s.Machines
	if m == nil || m.Mode != "every" {
		return
	}
	at := x.p.Keys("placement", "mode")
	if n := x.s.Replicas; n != nil && *n != 1 {
		x.error(at, "cannot run one on every machine and %d replicas", *n).
			See(x.p.Key("replicas"), "the number stands here").Helpf("delete one of the two")
	}
	if x.s.Autoscale != nil {
		x.error(at, "cannot run one on every machine and change their number by load").
			See(x.p.Key("autoscale"), "autoscale stands here").Helpf("delete one of the two")
	}
}
