import CCurl
import NIOConcurrencyHelpers
import SystemSupport

/// Runs the transfers of all registries on a thread of its own, with the connections that they leave open (libcurl's
/// multi interface).
final class HTTPTransfers: @unchecked Sendable {
    static let shared = HTTPTransfers()

    private enum Command {
        case start(HTTPTransfer)
        case resume(HTTPTransfer)
        case cancel(HTTPTransfer)
    }

    /// For any thread.
    private let commands = NIOLockedValueBox<[Command]>([])
    private let multi: UnsafeMutableRawPointer?
    /// On the thread alone: curl has no reference to them.
    private var running: [ObjectIdentifier: HTTPTransfer] = [:]

    private init() {
        curl_global_init(Int(CURL_GLOBAL_DEFAULT))
        multi = curl_multi_init()
        guard multi != nil, BlockingThread.start({ [self] in run() }) else { return }
    }

    // MARK: Any thread

    func start(_ transfer: HTTPTransfer) { send(.start(transfer)) }
    /// Its connection is read again.
    func resume(_ transfer: HTTPTransfer) { send(.resume(transfer)) }
    /// Ends it; without effect on one that has ended.
    func cancel(_ transfer: HTTPTransfer) { send(.cancel(transfer)) }

    private func send(_ command: Command) {
        commands.withLockedValue { $0.append(command) }
        curl_multi_wakeup(multi)
    }

    // MARK: The thread

    private func run() {
        while true {
            let commands = commands.withLockedValue { commands in
                defer { commands = [] }
                return commands
            }
            for command in commands { perform(command) }
            var count: Int32 = 0
            curl_multi_perform(multi, &count)
            var result = CURLE_OK
            while let easy = berth_curl_next_end(multi, &result) {
                guard let context = berth_curl_context(easy) else { continue }
                let transfer = Unmanaged<HTTPTransfer>.fromOpaque(context).takeUnretainedValue()
                curl_multi_remove_handle(multi, easy)
                transfer.end(result)
                running[ObjectIdentifier(transfer)] = nil
            }
            // Until something happens, a deadline of curl's passes, or a command comes.
            curl_multi_poll(multi, nil, 0, 60_000, nil)
        }
    }

    private func perform(_ command: Command) {
        switch command {
        case .start(let transfer):
            guard let easy = transfer.begin(), curl_multi_add_handle(multi, easy) == CURLM_OK else {
                return transfer.end(.failure(.connection("no memory for a request")))
            }
            running[ObjectIdentifier(transfer)] = transfer
        case .resume(let transfer):
            if running[ObjectIdentifier(transfer)] != nil { transfer.resume() }
        case .cancel(let transfer):
            if running.removeValue(forKey: ObjectIdentifier(transfer)) != nil, let easy = transfer.easy {
                curl_multi_remove_handle(multi, easy)
            }
            transfer.end(.failure(.connection("cancelled")))
        }
    }
}
