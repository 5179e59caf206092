// Package health turns evidence into verdicts. Active probes ask an endpoint
// how it is (Monitor); the passive Ejector draws conclusions from how requests
// went. Neither knows of pools or balancing: they report per endpoint, and
// upstream.Pool fuses what they say with the registry's word into one verdict.
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
