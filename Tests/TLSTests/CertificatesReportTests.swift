import Foundation
import Operations
import Settings
import TLS
import Testing

/// What `berth certs` shows.
@Suite struct CertificatesReportTests {
    private let folder: TestFolder
    private let authority = TestAuthority()

    init() throws {
        folder = try TestFolder()
    }

    private func report(_ settings: CertificateSettings) -> CertificatesReport {
        let store = CertificateStore.inspect(settings)
        let listener = CertificatesReport.Listener("0.0.0.0:443", store, now: CertificateStoreTests.now)
        return CertificatesReport(listeners: [listener])
    }

    @Test func `A report has each certificate with its names, its end and what it is for`() throws {
        try folder.write("f/a", authority.issue(["DNS:*.test.priv", "DNS:www.test.priv"]))
        try folder.write("f/b", authority.issue(["DNS:*.test.priv", "DNS:b.test.priv"], days: -9...5))
        let report = report(CertificateSettings(folders: [folder["f"]], defaultName: "*.test.priv"))
        let items = report.listeners[0].certificates
        #expect(items.map(\.names) == [["*.test.priv", "www.test.priv"], ["*.test.priv", "b.test.priv"]])
        #expect(items.map(\.shadowed) == [[], ["*.test.priv"]])
        #expect(items.map(\.isDefault) == [true, false])
        #expect(items.map(\.state) == [.valid, .expiresSoon] && (4...5).contains(items[1].daysLeft))
        #expect(items[0].keyKind == "EC 256" && items[0].issuer == "CN=test-ca")
        #expect(items[0].fingerprint.count == 64 && items[0].inUse == false)
        let text = CertificatesTable.text(report)
        #expect(text.contains("*.test.priv,www.test.priv") && text.contains("default"))
        #expect(text.contains("expires soon; not used for *.test.priv: another one has the name"))
        #expect(CertificatesTable.notes(report).isEmpty)
        let json = try report.json()
        #expect(json.contains("\"not_after\":\"20") && json.contains("\"state\":\"expires_soon\""))
    }

    @Test func `A report has what could not be used`() throws {
        try folder.write("a", authority.issue(["DNS:a.test.priv"]))
        let report = report(
            CertificateSettings(pairs: [
                .init(certificate: folder["a.pem"], key: folder["a.key"]),
                .init(certificate: folder["a.pem"], key: folder["missing.key"]),
            ])
        )
        #expect(report.listeners[0].certificates.count == 1)
        let notes = CertificatesTable.notes(report)
        #expect(notes.count == 2)
        #expect(notes[0].hasSuffix("missing.key: does not exist") && notes[1].contains("has no default"))
    }
}
