package consul_test

import (
	"net/http"
	"strings"
	"testing"

	"pingap-go/discovery/consul"
)

// Whatever stands where the agent should be, a page of HTML is not what people are to
// read in the log, nor a list without end what is to be held in memory.
func TestAnswersThatHaveNoEndAreCutShort(t *testing.T) {
	for name, answer := range map[string]reply{
		"an excuse": {status: http.StatusBadGateway, body: "<html>" + strings.Repeat("no ", 1<<20)},
		"a list":    {index: 5, body: "[" + strings.Repeat("{},", 200_000) + "{}]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, sink := play(t, answer)
			if err := sink.AwaitErr(t, soon); len(err.Error()) > 2<<10 {
				t.Errorf("the error has %d bytes: %.80s", len(err.Error()), err)
			}
		})
	}
}

// Consul's own client asks by the same road.
func TestExcusesAreCutShortForRegistrationsToo(t *testing.T) {
	s := &script{answers: []reply{{status: http.StatusBadGateway, body: strings.Repeat("no ", 1<<20)}}}
	c := client(t, consul.Options{Address: s.listen(t), Heartbeat: -1})
	if err := c.API().Agent().ServiceDeregister("api-1"); err == nil || len(err.Error()) > 2<<10 {
		t.Errorf("%.80v", err)
	}
}
