-- wrk's script: asks for the neighbors of words drawn at random from a file, and prints one line of JSON at the end.
--   wrk ... -s http_load.lua ADDRESS -- WORDS PATH
-- WORDS has one percent-encoded word a line; each request asks for PATH with a word behind it.

local words = {}
local path

function init(args)
  path = args[2]
  for word in io.lines(args[1]) do
    words[#words + 1] = word
  end
  math.randomseed(1)
end

function request()
  return wrk.format("GET", path .. words[math.random(#words)])
end

function done(summary, latency)
  local failed = summary.errors
  print(string.format(
    '{"requests": %d, "seconds": %.6f, "p50": %.3f, "p99": %.3f, "failed": %d}',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    failed.connect + failed.read + failed.write + failed.status + failed.timeout
  ))
end
