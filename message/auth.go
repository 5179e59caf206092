package message

// BindsConnection reports whether the request authenticates its connection
// rather than itself, as NTLM and Negotiate do: from then on, an upstream takes
// every request on that connection for this client's. Such a connection must
// never be shared.
func (r *Request) BindsConnection() bool {
	for i := range r.Header.fields {
		if f := &r.Header.fields[i]; f.Known == Authorization && bindsConnection(f.Value) {
			return true
		}
	}
	return false
}

func bindsConnection(credentials string) bool {
	for _, scheme := range [...]string{"NTLM", "Negotiate"} {
		if n := len(scheme); len(credentials) >= n && EqualFold(credentials[:n], scheme) &&
			(len(credentials) == n || credentials[n] == ' ') {
			return true
		}
	}
	return false
}
