import Glibc

/// Writes batches of lines to an output, and keeps lines apart where one was truncated.
struct LogWriter {
    let output: LogOutput
    /// `errno` of the last batch; 0: none.
    private(set) var failure: Int32 = 0
    /// The last byte written does not end a line.
    private var isTorn = false

    init(_ output: LogOutput) { self.output = output }

    /// - Parameters:
    ///   - lines: that the batch has.
    ///   - proceed: called after each attempt, with the bytes that it wrote and the time for which the reader
    ///     has not read anything; false gives the rest up.
    /// - Returns: how many lines could not be written, or not to their end.
    mutating func write(_ batch: LogLine, lines: UInt64, _ proceed: (Int, Duration) -> Bool) -> UInt64 {
        let newline = UInt8(ascii: "\n")
        return withExtendedLifetime(batch) {
            let bytes = batch.bytes
            failure = 0
            // A truncated line is terminated first, so that no two lines join.
            if isTorn {
                isTorn = withUnsafeBytes(of: newline) { writeAll($0, proceed) } == 0
            }
            let count = isTorn ? 0 : writeAll(bytes, proceed)
            if count > 0 { isTorn = bytes[count - 1] != newline }
            // Nearly always all of it, or, on a full disk, nothing.
            if count == bytes.count { return 0 }
            return count == 0 ? lines : UInt64(bytes[count...].count { $0 == newline })
        }
    }

    /// - Returns: how many bytes were written.
    private mutating func writeAll(
        _ bytes: UnsafeRawBufferPointer,
        _ proceed: (Int, Duration) -> Bool
    ) -> Int {
        var rest = bytes[...]
        var stalled = Duration.zero
        while !rest.isEmpty {
            switch output.write(UnsafeRawBufferPointer(rebasing: rest)) {
            case .wrote(let count):
                rest = rest.dropFirst(count)
                stalled = .zero
                // What was begun is completed where the reader reads.
                _ = proceed(count, stalled)
            case .stalled:
                stalled += .milliseconds(Int(LogOutput.patience))
                if !proceed(0, stalled) { return bytes.count - rest.count }
            case .failed(let code):
                failure = code
                return bytes.count - rest.count
            }
        }
        return bytes.count
    }
}
