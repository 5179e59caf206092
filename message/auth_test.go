package message

import "testing"

func TestBindsConnection(t *testing.T) {
	for value, want := range map[string]bool{
		"NTLM TlRMTVNTUAAB": true, "negotiate YII": true, "Negotiate": true, "Basic eDp5": false, "Bearer NTLM": false,
		"NTLMv3 x": false, "": false,
	} {
		var r Request
		r.Header.Add("authorization", value)
		if got := r.BindsConnection(); got != want {
			t.Errorf("Authorization: %s: %v, want %v", value, got, want)
		}
	}
	if new(Request).BindsConnection() {
		t.Error("a request without credentials binds nothing")
	}
}
