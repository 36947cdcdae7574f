import NIOCore
import NIOHTTP1
import NIOPosix
import Proxy
package import Routing
import Glibc

/// Serves `/metrics` over TCP, and nothing else. One request a connection.
final class MetricsServer: Sendable {
    /// Connections at a time. Others are closed at once.
    static let maxConnections = 32
    /// A connection is closed after this time, whatever it waits for.
    static let timeLimit = TimeAmount.seconds(30)

    let port: ControlPort
    private let connections: ControlConnections

    private init(_ port: ControlPort, _ connections: ControlConnections) {
        self.port = port
        self.connections = connections
    }

    /// - Parameters:
    ///   - sharesPort: another instance may listen there: one that drains.
    ///   - accepts: false: from `port.accept` on.
    ///   - inherited: from the process before.
    ///   - text: the metrics.
    static func start(
        on endpoint: Endpoint,
        sharesPort: Bool,
        accepts: Bool,
        inherited: inout InheritedSockets,
        group: any EventLoopGroup,
        text: @escaping @Sendable () async throws(ControlRefusal) -> [UInt8]
    ) async throws(MetricsServerError) -> MetricsServer {
        let connections = ControlConnections(limit: maxConnections)
        do throws(IOError) {
            let port = try await ControlPort.listen(
                at: endpoint,
                sharesPort: sharesPort,
                accepts: accepts,
                inherited: &inherited,
                group: group
            ) { begin($0, connections, text) }
            return MetricsServer(port, connections)
        } catch {
            throw MetricsServerError(endpoint: endpoint, reason: reason(error))
        }
    }

    /// The endpoints that no request may be sent to.
    var protected: [Endpoint] {
        AdminOptions.protected([port.endpoint])
    }

    /// Ends all connections: clients get the responses that they wait for.
    func stop() async {
        await port.release()
        await connections.end()
    }

    private static func begin(
        _ channel: any Channel,
        _ connections: ControlConnections,
        _ text: @escaping @Sendable () async throws(ControlRefusal) -> [UInt8]
    ) -> EventLoopFuture<Void> {
        guard connections.enter(channel) else {
            return channel.eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
        }
        let deadline = channel.eventLoop.scheduleTask(in: timeLimit) { channel.close(promise: nil) }
        channel.closeFuture.whenComplete { _ in deadline.cancel() }
        return channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            try pipeline.configureHTTPServerPipeline(withPipeliningAssistance: false)
            try pipeline.addHandler(MetricsConnection(text))
        }
    }

    private static func reason(_ error: IOError) -> String {
        switch error.errnoCode {
        case EADDRINUSE: "the port is in use by another program"
        case EACCES: "ports below 1024 need root or CAP_NET_BIND_SERVICE"
        case EADDRNOTAVAIL: "the address is not one of this machine's"
        default: "\(error)"
        }
    }
}

/// Why metrics cannot be served: a message for the operator.
package struct MetricsServerError: Error, CustomStringConvertible {
    package let endpoint: Endpoint
    package let reason: String

    package var description: String { "--metrics: cannot listen on \(endpoint): \(reason)" }
}
