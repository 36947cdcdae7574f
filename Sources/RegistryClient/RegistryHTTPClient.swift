package import NIOCore
import NIOConcurrencyHelpers

/// The HTTP client of one registry, with bounds. It has no deadlines of its own: a request ends when its task is
/// cancelled.
package final class RegistryHTTPClient: Sendable {
    /// The maximum size of a response that is not a stream, bytes.
    package static let maxResponseBytes = 16 << 20
    /// The maximum time until a connection is established.
    static let connectTimeoutMilliseconds = 2_000
    /// How long an idle connection may be used again.
    static let idleSeconds = 30
    /// TCP keep-alive of idle connections, seconds: the first probe, the interval, and the number of probes
    /// without a reply after which the connection is dead.
    static let keepAlive: (idle: Int, interval: Int, count: Int) = (5, 2, 3)

    package enum Failure: Error {
        case connection(String)
        case tooLarge
    }

    private struct State {
        var isShutDown = false
        var running: [ObjectIdentifier: HTTPTransfer] = [:]
    }

    private let tls: TLSContents?
    private let state = NIOLockedValueBox(State())

    /// - Throws: `RegistryError` when a file of `tls` cannot be used.
    package init(tls: TLSFiles? = nil) throws(RegistryError) {
        self.tls = if let tls { try tls.read() } else { nil }
    }

    /// Sends one request and collects its response of at most `limit` bytes.
    package func send(
        _ request: RegistryRequest,
        limit: Int = RegistryHTTPClient.maxResponseBytes
    ) async throws(Failure) -> RegistryResponse {
        try await run(request) { (transfer) throws(Failure) in
            try await Self.collect(transfer, limit: limit)
        }
    }

    /// Sends one request whose response is a stream of lines, each at most `limit` bytes.
    ///
    /// - Parameter receive: called for each line; the next line is read when it has returned.
    /// - Returns: when the stream ends; the body is that of a response whose status is not 200.
    package func lines(
        _ request: RegistryRequest,
        limit: Int = RegistryHTTPClient.maxResponseBytes,
        _ receive: (ByteBuffer) async throws -> Void
    ) async throws -> RegistryResponse {
        try await run(request) { (transfer) throws(any Error) in
            let status = try await transfer.status()
            guard status == 200 else { return try await Self.collect(transfer, limit: Self.maxResponseBytes) }
            var splitter = LineSplitter(limit: limit)
            while let piece = try await transfer.next() {
                splitter.append(piece)
                while let line = splitter.next() { try await receive(line) }
                if splitter.isTooLong { throw Failure.tooLarge }
            }
            return RegistryResponse(status: status, body: ByteBuffer())
        }
    }

    /// Shuts the client down; running requests fail.
    package func shutDown() async {
        let running = state.withLockedValue { state in
            state.isShutDown = true
            return Array(state.running.values)
        }
        for transfer in running { HTTPTransfers.shared.cancel(transfer) }
    }

    /// Begins a request, lets `body` take its response, and ends the transfer whatever comes of that.
    private func run<Response, Problem: Error>(
        _ request: RegistryRequest,
        _ body: (HTTPTransfer) async throws(Problem) -> Response
    ) async throws(Problem) -> Response {
        let transfer = HTTPTransfer(request, tls: tls)
        let isShutDown = state.withLockedValue { state in
            if !state.isShutDown { state.running[ObjectIdentifier(transfer)] = transfer }
            return state.isShutDown
        }
        if isShutDown {
            transfer.end(.failure(.connection("the client has been shut down")))
        } else {
            HTTPTransfers.shared.start(transfer)
        }
        defer {
            _ = state.withLockedValue { $0.running.removeValue(forKey: ObjectIdentifier(transfer)) }
            HTTPTransfers.shared.cancel(transfer)
        }
        let result = await withTaskCancellationHandler {
            do throws(Problem) { return Result<Response, Problem>.success(try await body(transfer)) } catch {
                return .failure(error)
            }
        } onCancel: {
            HTTPTransfers.shared.cancel(transfer)
        }
        return try result.get()
    }

    private static func collect(_ transfer: HTTPTransfer, limit: Int) async throws(Failure)
        -> RegistryResponse
    {
        let status = try await transfer.status()
        var body = ByteBuffer()
        while var piece = try await transfer.next() {
            guard body.readableBytes + piece.readableBytes <= limit else { throw .tooLarge }
            body.writeBuffer(&piece)
        }
        return RegistryResponse(status: status, body: body)
    }
}
