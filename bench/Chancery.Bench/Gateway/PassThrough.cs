using Microsoft.AspNetCore.Builder;

namespace Chancery.Bench.Gateway;

/// <summary>The least that a gateway of the same parts could be: Kestrel, HttpClient, and bytes copied between them.</summary>
internal static class PassThrough
{
    public static async Task<int> RunAsync(string port, string upstream)
    {
        var app = Upstream.Quiet(port);
        using var client = new HttpClient(
            new SocketsHttpHandler
            {
                UseCookies = false,
                AllowAutoRedirect = false,
                UseProxy = false,
            }
        );
        var target = new Uri($"{upstream}/v1/chat/completions");
        app.MapPost(
            "/v1/chat/completions",
            async context =>
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, target)
                {
                    Content = new StreamContent(context.Request.Body),
                };
                request.Content.Headers.ContentType = new("application/json");
                request.Content.Headers.ContentLength = context.Request.ContentLength;
                using var response = await client.SendAsync(
                    request,
                    HttpCompletionOption.ResponseHeadersRead,
                    context.RequestAborted
                );
                context.Response.StatusCode = (int)response.StatusCode;
                context.Response.ContentType = response.Content.Headers.ContentType?.ToString();
                context.Response.ContentLength = response.Content.Headers.ContentLength;
                await using var body = await response.Content.ReadAsStreamAsync(context.RequestAborted);
                var buffer = new byte[16 * 1024];
                int read;
                while ((read = await body.ReadAsync(buffer, context.RequestAborted)) > 0)
                {
                    await context.Response.Body.WriteAsync(buffer.AsMemory(0, read), context.RequestAborted);
                    await context.Response.Body.FlushAsync(context.RequestAborted);
                }
            }
        );
        await app.RunAsync();
        return 0;
    }
}
