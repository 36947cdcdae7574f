/// The texts of a decision, as each request that gets it keeps them.
struct DecisionTexts {
    let bytes: [UInt8]
    /// Of host, rule, target and captures, from the beginning of `bytes`.
    let texts: RequestTexts

    init(_ decision: CachedDecision) {
        var shelf = TextShelf(places: 1)
        shelf.begin(0)
        var writer = RequestTextWriter()
        writer.writeHost(decision, into: &shelf)
        texts = writer.texts
        bytes = shelf.bytes(of: 0, count: shelf.count)
    }
}
