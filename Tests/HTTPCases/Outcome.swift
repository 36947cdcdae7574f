/// What a parser made of some bytes; for heads, a line that says everything the head says.
package enum Outcome<Failure: Error & Hashable & Sendable>: Hashable, Sendable {
    case head(String, length: Int)
    case incomplete
    case refused(Failure)
}
