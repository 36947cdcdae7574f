import NIOCore

/// How a request gets on after its target is known.
enum NextStep {
    case connect(Upstream)
    /// It waits for the endpoints of a name.
    case resolve(String)
    /// It waits for a target that is paused, for so long at most.
    case hold(String, TimeAmount)
    /// It waits for a place at its target.
    case place
}
