-- wrk: hosts in turn (one a line in the file that the environment names), and the figures as one line of JSON.
local hosts = {}
for host in io.lines(os.getenv("BENCH_HOSTS")) do hosts[#hosts + 1] = host end
local close = os.getenv("BENCH_CLOSE") == "1"
local extra = tonumber(os.getenv("BENCH_FIELDS") or "0")
local upload = tonumber(os.getenv("BENCH_UPLOAD") or "0")

local requests = {}
local turn = 0

local function fields(host)
    local headers = { ["Host"] = host, ["User-Agent"] = "wrk", ["Accept"] = "*/*" }
    for n = 1, extra do headers["X-Field-" .. n] = "the value of field number " .. n end
    if close then headers["Connection"] = "close" end
    return headers
end

function init(args)
    if upload > 0 then
        wrk.method = "POST"
        wrk.body = string.rep("u", upload)
    end
    -- One host: wrk sends the same bytes again and again without asking Lua.
    if #hosts == 1 then
        request = nil
        wrk.headers = fields(hosts[1])
        return
    end
    for i, host in ipairs(hosts) do requests[i] = wrk.format(nil, nil, fields(host)) end
end

function request()
    turn = turn % #requests + 1
    return requests[turn]
end

function done(summary, latency, _)
    io.write(string.format(
        'BENCH {"requests":%d,"microseconds":%d,"bytes":%d,"p50":%d,"p90":%d,"p99":%d,"p99_9":%d,"max":%d,' ..
        '"errors":{"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d}}\n',
        summary.requests, summary.duration, summary.bytes,
        latency:percentile(50), latency:percentile(90), latency:percentile(99), latency:percentile(99.9), latency.max,
        summary.errors.connect, summary.errors.read, summary.errors.write, summary.errors.status,
        summary.errors.timeout))
end
