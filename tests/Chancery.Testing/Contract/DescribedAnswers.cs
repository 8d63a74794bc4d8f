using System.Net;
using System.Text;
using Xunit;

namespace Chancery.Testing.Contract;

/// <summary>Holds every answer of the API against its description, and fails the test that got one that is not in it.</summary>
public sealed class DescribedAnswers(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    private const string Events = "text/event-stream";

    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request,
        CancellationToken cancellationToken
    )
    {
        var response = await base.SendAsync(request, cancellationToken);
        var path = request.RequestUri!.AbsolutePath;
        var description = ApiDescription.Committed;
        if (request.Method == HttpMethod.Head || request.Method == HttpMethod.Options || !description.Knows(path))
        {
            return response;
        }

        var type = response.Content.Headers.ContentType?.MediaType;
        if (type is null && IsOfKestrel(response))
        {
            return response;
        }

        // A page may stand at the same address, for a browser, and lead to the sign-in.
        var leads =
            response.StatusCode == HttpStatusCode.Found
            || (response.StatusCode == HttpStatusCode.SeeOther && request.Headers.Accept.ToString() == "text/html");
        if (type == "text/html" || (leads && type is null))
        {
            return response;
        }

        string? body = null;
        if (ApiDescription.IsJson(type) || response.StatusCode == HttpStatusCode.NoContent)
        {
            await response.Content.LoadIntoBufferAsync(cancellationToken);
            body = await response.Content.ReadAsStringAsync(cancellationToken);
        }

        var method = request.Method.Method;
        var fault = description.Check(method, path, (int)response.StatusCode, type, body);
        Assert.True(fault is null, $"{method} {path} answered {(int)response.StatusCode}: {fault}\n{Short(body)}");
        if (type == Events)
        {
            var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
            var content = new StreamContent(new DescribedEvents(stream, method, path));
            foreach (var (name, values) in response.Content.Headers)
            {
                content.Headers.TryAddWithoutValidation(name, values);
            }

            response.Content = content;
        }

        return response;
    }

    /// <summary>What the web server refuses before there is a request that could be routed.</summary>
    private static bool IsOfKestrel(HttpResponseMessage response) =>
        response.StatusCode
            is HttpStatusCode.BadRequest
                or HttpStatusCode.RequestTimeout
                or HttpStatusCode.RequestUriTooLong
                or HttpStatusCode.RequestHeaderFieldsTooLarge
        && response.Content.Headers.ContentLength is null or 0;

    private static string Short(string? body) => body is null ? "" : body[..Math.Min(body.Length, 1500)];

    /// <summary>Passes a stream of events on and checks each that is whole.</summary>
    private sealed class DescribedEvents(Stream inner, string method, string path) : Stream
    {
        private readonly StringBuilder _line = new();
        private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
        private readonly StringBuilder _data = new();
        private string _name = "";

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(
            Memory<byte> buffer,
            CancellationToken cancellationToken = default
        )
        {
            var read = await inner.ReadAsync(buffer, cancellationToken);
            Look(buffer.Span[..read]);
            return read;
        }

        public override Task<int> ReadAsync(
            byte[] buffer,
            int offset,
            int count,
            CancellationToken cancellationToken
        ) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override int Read(byte[] buffer, int offset, int count)
        {
            var read = inner.Read(buffer, offset, count);
            Look(buffer.AsSpan(offset, read));
            return read;
        }

        public override void Flush() { }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                inner.Dispose();
            }

            base.Dispose(disposing);
        }

        private void Look(ReadOnlySpan<byte> bytes)
        {
            Span<char> letters = new char[bytes.Length + 1];
            var count = _decoder.GetChars(bytes, letters, flush: false);
            foreach (var letter in letters[..count])
            {
                if (letter != '\n')
                {
                    _line.Append(letter);
                    continue;
                }

                Take(_line.ToString());
                _line.Clear();
            }
        }

        private void Take(string line)
        {
            if (line.StartsWith("event: ", StringComparison.Ordinal))
            {
                _name = line[7..];
            }
            else if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                _data.Append(line.AsSpan(6));
            }
            else if (line.Length == 0 && _data.Length > 0)
            {
                var fault = ApiDescription.Committed.CheckEvent(method, path, _name, _data.ToString());
                Assert.True(fault is null, $"{method} {path} sent the event {_name}: {fault}\n{_data}");
                _data.Clear();
            }
        }
    }
}
