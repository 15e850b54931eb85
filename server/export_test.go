package server

// BreakResume makes the hub forget what those who come back have missed: the broken build that TestLiveCutConnections
// must see.
func BreakResume(s *Server) { s.hub.NoResume = true }

// LiveSize is how many connections and rooms the hub holds.
func LiveSize(s *Server) (sockets, rooms int) { return s.hub.Size() }
