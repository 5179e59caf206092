package http1

// AcceptedHeads are the heads of the rule table that we accept, for tests that
// ask others about them.
func AcceptedHeads() (heads []string) {
	for _, r := range requestRules {
		if r.want == 0 {
			heads = append(heads, r.head)
		}
	}
	return append(heads, browserHead)
}

// AcceptedBodies are chunked bodies that we accept.
func AcceptedBodies() []string {
	return []string{
		"0\r\n\r\n", "3\r\nabc\r\n0\r\n\r\n", "003\r\nabc\r\n00\r\n\r\n", "A\r\n0123456789\r\n1\r\na\r\n0\r\n\r\n",
		"3;a\r\nabc\r\n0\r\n\r\n", "3;a=b; c=\"d;e\\\"\"\r\nabc\r\n0;f\r\n\r\n", "3\r\nabc\r\n0\r\nA: b\r\n\r\n",
		"7\r\n0\r\n\r\nab\r\n0\r\nContent-Length: 5\r\n\r\n",
	}
}
