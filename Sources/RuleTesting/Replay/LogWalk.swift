import Dispatch
import NIOCore
import Operations
import Routing
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

extension LoggedRequest {
    /// Writes the head of the request.
    ///
    /// - Returns: false if a part of it contains a line break, which no head can contain.
    func write(into head: inout ByteBuffer) -> Bool {
        head.clear()
        for part in [method, target, host, referer, userAgent]
        where part.contains(where: { $0 == 0x0A || $0 == 0x0D }) {
            return false
        }
        head.writeBytes(method)
        head.writeStaticString(" ")
        head.writeBytes(target)
        head.writeStaticString(" HTTP/1.1\r\nHost: ")
        head.writeBytes(host)
        if !referer.isEmpty {
            head.writeStaticString("\r\nReferer: ")
            head.writeBytes(referer)
        }
        if !userAgent.isEmpty {
            head.writeStaticString("\r\nUser-Agent: ")
            head.writeBytes(userAgent)
        }
        head.writeStaticString("\r\n\r\n")
        return true
    }
}
