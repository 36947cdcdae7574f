import Routing

/// The value of `--listen` or `--tls-listen`.
enum ListenAddress {
    static func parse(_ text: String, option: String = "--listen") throws(CommandFailure) -> Endpoint {
        // ':8080' stands for all IPv4 addresses of the machine.
        guard let endpoint = Endpoint(text.hasPrefix(":") ? "0.0.0.0" + text : text) else {
            throw CommandFailure(
                "\(option): '\(text)' is not an address and port; write it like 0.0.0.0:8080 or [::]:8080"
            )
        }
        return endpoint
    }
}
