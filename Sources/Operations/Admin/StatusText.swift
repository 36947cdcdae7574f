import Bytes
import FoundationEssentials

/// The state of a tier for people.
package enum StatusText {
    package static func text(_ status: StatusReport) -> String {
        let state = status.draining ? "draining" : status.ready ? "ready" : "not ready"
        let commit = status.commit.map { " (\(Printable.text($0)))" } ?? ""
        var lines = [
            "\(status.tier): \(state), up for \(NameListing.span(Int64(status.uptimeSeconds))), "
                + "berth \(status.version)\(commit), process \(status.pid), generation \(status.generation)"
        ]
        for listener in status.listeners { lines.append("listens on \(text(listener))") }
        lines.append(
            "\(count(status.connections, "connection")), \(count(status.requestsInFlight, "request")) in flight, "
                + count(status.loops, "event loop")
        )
        let rules = status.rules
        lines.append(
            "\(count(rules.count, "rule")) of \(rules.files.map(Printable.text).joined(separator: ", ")), "
                + "loaded \(rules.loaded); reloads: \(rules.reloads.succeeded), failed: \(rules.reloads.failed)"
        )
        if let error = rules.reloads.lastError {
            lines.append("the rules in force are not those of the files:")
            lines += error.split(separator: "\n").map { "  " + Printable.text(String($0)) }
        }
        lines += status.names.sources.map(text)
        if let level = status.logLevel { lines.append("log level \(level)") }
        return lines.joined(separator: "\n")
    }

    private static func text(_ listener: StatusReport.Listener) -> String {
        var words: [String] = []
        if listener.tls { words.append("TLS") }
        if listener.http2 { words.append("HTTP/2") }
        if let clients = listener.clientCertificates { words.append("client certificates \(clients)") }
        if listener.redirectsToHttps { words.append("redirects to HTTPS") }
        return words.isEmpty ? listener.address : "\(listener.address) (\(words.joined(separator: ", ")))"
    }

    private static func text(_ source: StatusReport.Names.Source) -> String {
        let age = source.ageSeconds.map { ", updated \(NameListing.span(Int64($0))) ago" } ?? ""
        let state =
            source.error.map { "down (\(Printable.text($0)))" } ?? (source.ready ? "up" : "has not responded")
        return
            "names of \(Printable.text(source.name)): \(state), \(count(source.entries, "entry", "entries"))\(age)"
    }

    private static func count(_ number: Int, _ word: String, _ words: String? = nil) -> String {
        "\(number) \(number == 1 ? word : words ?? word + "s")"
    }
}
