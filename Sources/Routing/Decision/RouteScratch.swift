import PCRE2

/// Working memory for decisions: one for each thread or event loop, kept.
public final class RouteScratch {
    let match = MatchScratch()
    /// For a text under construction.
    var text: [UInt8] = []
    /// The normalised path, if `pathState` is set.
    var path: [UInt8] = []
    private var pathState = PathState.unknown
    /// The rules that may match, in order.
    var candidates: [UInt32] = []

    private enum PathState {
        case unknown
        case known
        case malformed
    }

    public init() {}

    /// Forgets the last request.
    func begin() {
        pathState = .unknown
    }

    /// Normalises the request's path at the first call. False: it is malformed.
    func normalisePath(_ key: borrowing RouteKey) -> Bool {
        if pathState == .unknown {
            let raw = key.target.extracting(0..<key.pathEnd)
            pathState = PathNormaliser.normalise(raw, into: &path) == .malformed ? .malformed : .known
        }
        return pathState == .known
    }
}
