package autoroute

// mostTold is how many tags the log is told of at a time. There may be thousands, and
// whoever registers services writes them; the admin API lists them all.
const mostTold = 20

// tell tells the log of problems with tags that are new.
func (w *Watcher) tell(problems []Problem) {
	known := make(map[Problem]bool, len(w.problems))
	for _, p := range w.problems {
		known[p] = true
	}
	told := 0
	for _, p := range problems {
		if p.Tag == "" || known[p] {
			continue
		}
		if told++; told <= mostTold {
			w.options.Log.Warn("tag cannot be used", "service", p.Service, "instance", p.Instance, "tag", p.Tag, "reason", p.Reason)
		}
	}
	if told > mostTold {
		w.options.Log.Warn("more tags cannot be used", "tags", told-mostTold)
	}
}
