package http1

import (
	"fmt"

	"pingap-go/message"
)

// summary is all that a serialised request must keep.
func summary(r *message.Request) string {
	return fmt.Sprintf("%s %q %v %q authority %q length %d upgrade %q expect %v trailers %v fields %s",
		r.Method, r.Path, r.HasQuery, r.Query, r.Authority, r.ContentLength, r.Upgrade, r.ExpectContinue, r.AcceptsTrailers, lines(&r.Header))
}

// responseSummary is all that a serialised response must keep.
func responseSummary(r *message.Response) string {
	return fmt.Sprintf("%d %q length %d upgrade %q fields %s", r.Status, r.Reason, r.ContentLength, r.Upgrade, lines(&r.Header))
}

// rowName names the subtest of one case of docs/http1.md.
func rowName(row int, name string) string { return fmt.Sprintf("row %d/%s", row, name) }
