/// Handles the lines that one thread reads.
protocol LogWorker: SendableMetatype {
    associatedtype Result: Sendable

    /// - Parameter fault: why the line cannot be replayed; `request` is then not valid.
    mutating func line(
        _ line: Span<UInt8>,
        _ number: Int,
        fault: LogLineFault?,
        _ request: inout LoggedRequest
    )
    var result: Result { get }
}
