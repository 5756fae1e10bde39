-- What wrk sends: one request, again and again, each with an id of its own (a session may not use one twice at a time).
--
--   wrk … -s calls.lua URL -- METHOD BODY "name: value" …
--
-- @ID@ in the body becomes nine digits, so that every request has the same length and only these digits are put in for each.
-- The last line printed is a JSON object with what wrk counted.

local threads = 0
local before, after
local number = 0

function setup(thread)
   threads = threads + 1
   thread:set("base", threads * 100000000)
end

function init(args)
   local headers = {}
   for index = 3, #args do
      local name, value = args[index]:match("^([^:]+): (.*)$")
      headers[name] = value
   end
   local body = args[2] ~= "" and args[2]:gsub("@ID@", "@IDENTITY") or nil
   local text = wrk.format(args[1], nil, headers, body)
   local first, last = text:find("@IDENTITY", 1, true)
   if first then
      before, after = text:sub(1, first - 1), text:sub(last + 1)
   else
      before = text
   end
end

function request()
   if not after then return before end
   number = number + 1
   return before .. string.format("%d", base + number) .. after
end

function done(summary, latency, requests)
   local errors = summary.errors
   io.write(string.format(
      '{"requests":%d,"microseconds":%d,"bytes":%d,"median":%d,"p99":%d,"maximum":%d,' ..
      '"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d}\n',
      summary.requests, summary.duration, summary.bytes, latency:percentile(50), latency:percentile(99), latency.max,
      errors.connect, errors.read, errors.write, errors.status, errors.timeout))
end
