import Bytes
import CCurl
import Glibc
import NIOConcurrencyHelpers
import NIOCore

/// One request and its response, on their way. `HTTPTransfers` runs it; one task takes the response.
///
/// What is not locked is touched on the thread of `HTTPTransfers` alone.
final class HTTPTransfer: @unchecked Sendable {
    typealias Failure = RegistryHTTPClient.Failure

    /// Bytes that wait for the task before the connection is not read.
    static let waitingBytes = 256 << 10

    private struct State {
        var pieces: [ByteBuffer] = []
        var waiting = 0
        var status: UInt = 0
        var isPaused = false
        var end: Result<Void, Failure>?
        var task: CheckedContinuation<Void, Never>?
    }

    private let state = NIOLockedValueBox(State())
    private let request: RegistryRequest
    private let tls: TLSContents?

    private(set) var easy: UnsafeMutableRawPointer?
    private var fields: UnsafeMutablePointer<curl_slist>?
    private let message = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))

    init(_ request: RegistryRequest, tls: TLSContents?) {
        self.request = request
        self.tls = tls
        message.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    }

    deinit {
        message.deallocate()
    }

    // MARK: The task

    /// The status, when the response has begun.
    func status() async throws(Failure) -> UInt {
        await wait { $0.status != 0 }
        let (status, end) = state.withLockedValue { ($0.status, $0.end) }
        if status == 0 { try end?.get() }
        return status
    }

    /// The next bytes of the body; nil at its end.
    func next() async throws(Failure) -> ByteBuffer? {
        await wait { !$0.pieces.isEmpty }
        let (piece, resumes, end) = state.withLockedValue { state in
            guard !state.pieces.isEmpty else { return (nil as ByteBuffer?, false, state.end) }
            let piece = state.pieces.removeFirst()
            state.waiting -= piece.readableBytes
            let resumes = state.isPaused && state.waiting == 0
            if resumes { state.isPaused = false }
            return (piece, resumes, nil)
        }
        if resumes { HTTPTransfers.shared.resume(self) }
        if piece == nil { try end?.get() }
        return piece
    }

    /// Waits for `isThere`, or for the end.
    private func wait(for isThere: @escaping @Sendable (borrowing State) -> Bool) async {
        await withCheckedContinuation { continuation in
            let goesOn = state.withLockedValue { state in
                if isThere(state) || state.end != nil { return true }
                state.task = continuation
                return false
            }
            if goesOn { continuation.resume() }
        }
    }

    // MARK: On the thread

    /// Makes the handle; nil where there is no memory for it.
    func begin() -> UnsafeMutableRawPointer? {
        guard let easy = curl_easy_init() else { return nil }
        self.easy = easy
        berth_curl_set_pointer(easy, CURLOPT_PRIVATE, Unmanaged.passUnretained(self).toOpaque())
        berth_curl_set_pointer(easy, CURLOPT_ERRORBUFFER, message)
        berth_curl_set_text(easy, CURLOPT_URL, request.httpURL)
        berth_curl_set_text(easy, CURLOPT_PROTOCOLS_STR, "http,https")
        // Neither of the environment's.
        berth_curl_set_text(easy, CURLOPT_PROXY, "")
        berth_curl_set_number(easy, CURLOPT_NETRC, 0)
        berth_curl_set_number(easy, CURLOPT_NOSIGNAL, 1)
        berth_curl_set_number(easy, CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        berth_curl_set_number(easy, CURLOPT_CONNECTTIMEOUT_MS, RegistryHTTPClient.connectTimeoutMilliseconds)
        berth_curl_set_number(easy, CURLOPT_MAXAGE_CONN, RegistryHTTPClient.idleSeconds)
        if let path = request.socketPath {
            berth_curl_set_text(easy, CURLOPT_UNIX_SOCKET_PATH, path)
        } else {
            setKeepAlive(of: easy)
        }
        setTLS(of: easy)
        setMessage(of: easy)
        berth_curl_set_writer(
            easy,
            { bytes, size, count, context in
                guard let bytes, let context else { return 0 }
                let transfer = Unmanaged<HTTPTransfer>.fromOpaque(context).takeUnretainedValue()
                return transfer.received(UnsafeRawBufferPointer(start: bytes, count: size * count))
            },
            Unmanaged.passUnretained(self).toOpaque()
        )
        return easy
    }

    private func setKeepAlive(of easy: UnsafeMutableRawPointer) {
        let keepAlive = RegistryHTTPClient.keepAlive
        berth_curl_set_number(easy, CURLOPT_TCP_KEEPALIVE, 1)
        berth_curl_set_number(easy, CURLOPT_TCP_KEEPIDLE, keepAlive.idle)
        berth_curl_set_number(easy, CURLOPT_TCP_KEEPINTVL, keepAlive.interval)
        berth_curl_set_socket_setup(easy) { _, descriptor, _ in
            var count = Int32(RegistryHTTPClient.keepAlive.count)
            setsockopt(
                descriptor,
                Int32(IPPROTO_TCP),
                TCP_KEEPCNT,
                &count,
                socklen_t(MemoryLayout<Int32>.size)
            )
            return Int32(CURL_SOCKOPT_OK)
        }
    }

    private func setTLS(of easy: UnsafeMutableRawPointer) {
        berth_curl_set_number(easy, CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        guard let tls else { return }
        for (option, bytes) in [
            (CURLOPT_CAINFO_BLOB, tls.ca), (CURLOPT_SSLCERT_BLOB, tls.certificate),
            (CURLOPT_SSLKEY_BLOB, tls.key),
        ] where !bytes.isEmpty {
            _ = bytes.withUnsafeBytes { berth_curl_set_blob(easy, option, $0.baseAddress, $0.count) }
        }
        // Only what the file has is trusted.
        if !tls.ca.isEmpty { berth_curl_set_text(easy, CURLOPT_CAPATH, nil) }
    }

    private func setMessage(of easy: UnsafeMutableRawPointer) {
        for (name, value) in request.fields { fields = curl_slist_append(fields, "\(name): \(value)") }
        if request.method == .post {
            berth_curl_set_number(easy, CURLOPT_POST, 1)
            let body = request.body ?? ByteBuffer()
            berth_curl_set_size(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.readableBytes))
            body.withUnsafeReadableBytes { bytes in
                // Copies them.
                _ = berth_curl_set_pointer(
                    easy,
                    CURLOPT_COPYPOSTFIELDS,
                    UnsafeMutableRawPointer(mutating: bytes.baseAddress)
                )
            }
            // Else a large body waits for a 100 that few servers send.
            fields = curl_slist_append(fields, "Expect:")
        }
        berth_curl_set_pointer(easy, CURLOPT_HTTPHEADER, fields)
    }

    /// Bytes of the body.
    ///
    /// - Returns: how many were taken; or that reading pauses, and these will be given again.
    private func received(_ bytes: UnsafeRawBufferPointer) -> Int {
        let status = UInt(berth_curl_number(easy, CURLINFO_RESPONSE_CODE))
        let (task, taken) = state.withLockedValue { state in
            if state.waiting >= Self.waitingBytes {
                state.isPaused = true
                return (nil as CheckedContinuation<Void, Never>?, Int(CURL_WRITEFUNC_PAUSE))
            }
            state.status = status
            state.pieces.append(ByteBuffer(bytes: bytes))
            state.waiting += bytes.count
            defer { state.task = nil }
            return (state.task, bytes.count)
        }
        task?.resume()
        return taken
    }

    func resume() {
        guard let easy else { return }
        curl_easy_pause(easy, CURLPAUSE_CONT)
    }

    /// The transfer is over: whoever waits for it goes on.
    func end(_ result: CURLcode) {
        let status = easy.map { UInt(berth_curl_number($0, CURLINFO_RESPONSE_CODE)) } ?? 0
        end(result == CURLE_OK ? .success(()) : .failure(.connection(reason(result))), status: status)
    }

    func end(_ result: Result<Void, Failure>, status: UInt = 0) {
        if let easy { curl_easy_cleanup(easy) }
        easy = nil
        curl_slist_free_all(fields)
        fields = nil
        let task = state.withLockedValue { state in
            guard state.end == nil else { return nil as CheckedContinuation<Void, Never>? }
            state.end = result
            if case .success = result { state.status = status }
            defer { state.task = nil }
            return state.task
        }
        task?.resume()
    }

    /// In words; without the addresses that curl's own texts have.
    private func reason(_ result: CURLcode) -> String {
        let errno = easy.map { Int32(berth_curl_number($0, CURLINFO_OS_ERRNO)) } ?? 0
        switch result {
        case CURLE_COULDNT_CONNECT where errno != 0: return String(cString: strerror(errno))
        case CURLE_COULDNT_CONNECT: return "the connection failed"
        case CURLE_COULDNT_RESOLVE_HOST: return "the host name has no address"
        case CURLE_OPERATION_TIMEDOUT: return "the connection was not accepted in time"
        case CURLE_GOT_NOTHING: return "the connection was closed before a response"
        case CURLE_PARTIAL_FILE: return "the connection was closed within the response"
        default:
            let text = String(cString: message)
            return text.isEmpty ? String(cString: curl_easy_strerror(result)) : text
        }
    }
}

extension RegistryRequest {
    /// The path of the Unix socket of an `http+unix` URL.
    fileprivate var socketPath: String? {
        guard url.hasPrefix(Self.unixScheme) else { return nil }
        return PercentEncoding.decoded(url.dropFirst(Self.unixScheme.count).prefix { $0 != "/" })
    }

    /// With a host's name in place of a socket's path.
    fileprivate var httpURL: String {
        guard url.hasPrefix(Self.unixScheme) else { return url }
        return "http://localhost" + url.dropFirst(Self.unixScheme.count).drop { $0 != "/" }
    }

    private static let unixScheme = "http+unix://"
}
