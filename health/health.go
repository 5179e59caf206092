// Package health turns evidence into verdicts. It holds two sources of it, and
// neither knows of pools, registries or balancing:
//
// Active probes. A Probe asks one address how it is; a Monitor asks every
// endpoint of one pool in turn, spread over the interval, and reports what it
// concludes.
//
//	probe, err := health.NewProbe(check)
//	monitor := health.NewMonitor(check, probe, func(t health.Target, r health.Result) {
//		log.Info("probe", "endpoint", t.ID, "verdict", r.Verdict, "reason", r.Reason)
//	})
//	monitor.Set([]health.Target{{ID: "web-1", Address: "10.0.0.7:8080"}})
//	go monitor.Run(ctx) // returns when ctx ends and every probe has come home
//
// Passive evidence. Every host of a pool has an Evidence, to which request
// goroutines add how their tries went; an Ejector concludes from it, on the
// pool's goroutine, who has to step out for a while.
//
//	if ejector.Record(&host.evidence, health.ServerError) {
//		pool.wake() // a threshold was crossed
//	}
//	decision := ejector.Decide(now, members) // on the pool's goroutine
//
// The two are kept apart on purpose: a passing probe ends no ejection, and a
// served request does not make a failing probe pass. upstream.Pool fuses what
// they say with the registry's word into one verdict. docs/health.md tells the
// rules, where they come from and why their defaults are what they are.
package health

// Verdict is the one-word answer to "may this host be picked, and if not, why".
type Verdict string

// The verdicts, as users see them in the admin API, metrics and logs.
const (
	Unknown  Verdict = "unknown"  // new, first probe still under way
	Up       Verdict = "up"       // may be picked
	Down     Verdict = "down"     // the registry bars it or its probe fails
	Ejected  Verdict = "ejected"  // out for a while on passive evidence
	Draining Verdict = "draining" // removed from the registry; finishing what it has
)

// Verdicts lists all of them, for metrics that must be zero rather than absent.
var Verdicts = [...]Verdict{Unknown, Up, Down, Ejected, Draining}
