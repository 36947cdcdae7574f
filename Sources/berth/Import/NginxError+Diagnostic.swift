import NginxImport
import Routing
import RoutingConfig

extension NginxError {
    var diagnostic: Diagnostic {
        // Columns of a configuration count bytes, those of a diagnostic count characters.
        let column =
            String(decoding: sourceLine.utf8.prefix(max(0, position.column - 1)), as: UTF8.self)
            .unicodeScalars
            .count + 1
        return Diagnostic(
            code: .badValue,
            file: position.file,
            line: position.line,
            column: column,
            message: message,
            hint: hint,
            sourceLine: sourceLine
        )
    }
}
