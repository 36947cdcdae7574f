import Dispatch
import NIOCore
import Proxy
import Routing
import SystemSupport

/// Listening sockets of the admin interface and of metrics, from the process before.
struct ControlSockets: Sendable {
    /// What listens at an address, in a message.
    enum Use: String, Codable, Sendable {
        case admin, metrics
    }

    /// Where this process serves them.
    struct Ports: Sendable {
        var admin: [ControlPort]
        var metrics: ControlPort?
    }

    var admin = InheritedSockets()
    var metrics = InheritedSockets()

    mutating func add(_ descriptor: Int32, _ message: TakeOverMessage) -> Bool {
        let configured = message.configured.flatMap(Endpoint.init)
        switch message.use {
        case .admin: return admin.add(descriptor, configured: configured)
        case .metrics: return metrics.add(descriptor, configured: configured)
        case nil: return false
        }
    }

    /// Closes what nobody has taken.
    mutating func close() {
        admin.close()
        metrics.close()
    }
}

extension ControlSockets.Ports {
    private var all: [ControlPort] { admin + [metrics].compactMap(\.self) }

    /// Accepts nothing until `resume`: two that accept at one socket take each other's connections. Blocks until that is so,
    /// for a second at most.
    func hold() {
        let held = DispatchGroup()
        for port in all {
            held.enter()
            port.hold().whenComplete { _ in held.leave() }
        }
        _ = held.wait(timeout: .now() + .seconds(1))
    }

    func resume() { for port in all { port.accept() } }

    /// Messages for the next process, each with a copy of a socket. The caller closes it.
    var messages: [(message: TakeOverMessage, copy: Int32)] {
        get async {
            var messages: [(message: TakeOverMessage, copy: Int32)] = []
            for (index, port) in all.enumerated() {
                guard let copy = await port.copy() else { continue }
                var message = TakeOverMessage(.sockets)
                message.configured = "\(port.configured)"
                message.use = index < admin.count ? .admin : .metrics
                messages.append((message, copy))
            }
            return messages
        }
    }
}
