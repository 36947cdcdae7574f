import Dispatch
import NIOCore
import NIOConcurrencyHelpers

/// Reads an access log on all cores. Each thread reads chunks of lines and has its own worker.
enum LogWalk {
    /// The maximum number of threads.
    private static let maxThreads = 16

    /// - Parameters:
    ///   - progress: called now and then with the part that was read, 0 to 1; on any thread.
    ///   - make: makes the worker of one thread.
    /// - Returns: the results of all threads, at the end of the log.
    static func run<Worker: LogWorker>(
        _ log: String,
        progress: @escaping @Sendable (Double) -> Void,
        make: @escaping @Sendable () -> Worker
    ) throws(ReplayFailure) -> (results: [Worker.Result], tooLong: (count: Int, first: Int)) {
        let chunks = try LineChunks(log)
        let results = NIOLockedValueBox<[Worker.Result]>([])
        let threads = min(max(1, System.coreCount), maxThreads)
        DispatchQueue.concurrentPerform(iterations: threads) { _ in
            var worker = make()
            var request = LoggedRequest()
            while let chunk = chunks.next() {
                read(chunk, &worker, &request)
                if let size = chunks.size, size > 0 {
                    progress(min(1, Double(chunks.bytesRead) / Double(size)))
                }
            }
            let result = worker.result
            results.withLockedValue { $0.append(result) }
        }
        if let failure = chunks.failure { throw ReplayFailure("\(log): \(failure)") }
        return (results.withLockedValue { $0 }, chunks.tooLong)
    }

    private static func read<Worker: LogWorker>(
        _ chunk: LineChunks.Chunk,
        _ worker: inout Worker,
        _ request: inout LoggedRequest
    ) {
        let bytes = chunk.bytes.span
        var start = 0
        var number = chunk.firstLine
        while start < bytes.count {
            var end = start
            while end < bytes.count, bytes[end] != UInt8(ascii: "\n") { end += 1 }
            var last = end
            if last > start, bytes[last - 1] == UInt8(ascii: "\r") { last -= 1 }
            let line = bytes.extracting(start..<last)
            worker.line(line, number, fault: request.read(line), &request)
            start = end + 1
            number += 1
        }
    }
}
