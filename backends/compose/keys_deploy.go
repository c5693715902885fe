package compose

func deployKeys() *object {
	limits := newObject([]rule{
		{key: "cpus", do: same},
		{key: "memory", do: same},
		{key: "pids", do: same},
		{key: "devices", do: items(onLine(same))},
		{key: "generic_resources", do: same},
	}...)
	resources := newObject([]rule{
		{key: "limits", do: onLine(one(limits))},
		{key: "reservations", do: onLine(one(limits))},
	}...)
	return newObject([]rule{
		{key: "mode", do: same},
		{key: "replicas", do: same},
		{key: "endpoint_mode", do: same},
		{key: "labels", do: texts},
		{key: "resources", do: one(resources)},
		{key: "restart_policy", do: onLine(one(restartKeys()))},
		{key: "update_config", do: one(updateKeys())},
		{key: "rollback_config", do: one(updateKeys())},
		{key: "placement", do: one(placementKeys())},
	}...)
}

func restartKeys() *object {
	return newObject([]rule{
		{key: "condition", do: same},
		{key: "delay", do: same},
		{key: "max_attempts", do: same},
		{key: "window", do: same},
	}...)
}

func updateKeys() *object {
	return newObject([]rule{
		{key: "parallelism", do: same},
		{key: "delay", do: same},
		{key: "failure_action", do: same},
		{key: "monitor", do: same},
		{key: "max_failure_ratio", do: same},
		{key: "order", do: same},
	}...)
}

func placementKeys() *object {
	return newObject([]rule{
		{key: "constraints", do: same},
		{key: "preferences", do: items(onLine(same))},
		{key: "max_replicas_per_node", do: same},
	}...)
}

func developKeys() *object {
	watch := newObject([]rule{
		{key: "action", do: same},
		{key: "path", do: hostPath},
		{key: "target", do: same},
		{key: "ignore", do: same},
		{key: "include", do: same},
		{key: "exec", do: one(hookKeys()), since: since{compose: version{2, 32}}},
		{key: "initial_sync", do: same},
	}...)
	return newObject(rule{key: "watch", do: each(watch)})
}
