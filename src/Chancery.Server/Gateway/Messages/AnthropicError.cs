using System.Text.Json;

namespace Chancery.Server.Gateway.Messages;

/// <summary>An error in the shape that Anthropic's clients read: <c>{"type": "error", "error": {"type", "message"}}</c>.</summary>
internal static class AnthropicError
{
    public static async Task WriteAsync(HttpContext http, OpenAIError error)
    {
        error.Begin(http.Response);
        await http.Response.Body.WriteAsync(ToJson(error, http.TraceIdentifier), http.RequestAborted);
    }

    /// <summary>Anthropic's word for the kind of an error, which goes by its status.</summary>
    public static string TypeOf(int status) =>
        status switch
        {
            StatusCodes.Status401Unauthorized => "authentication_error",
            StatusCodes.Status403Forbidden => "permission_error",
            StatusCodes.Status404NotFound => "not_found_error",
            StatusCodes.Status413PayloadTooLarge => "request_too_large",
            StatusCodes.Status429TooManyRequests => "rate_limit_error",
            StatusCodes.Status503ServiceUnavailable => "overloaded_error",
            StatusCodes.Status504GatewayTimeout => "timeout_error",
            >= 500 => "api_error",
            _ => "invalid_request_error",
        };

    /// <param name="requestId">To find the call by.</param>
    public static byte[] ToJson(OpenAIError error, string requestId) =>
        JsonSerializer.SerializeToUtf8Bytes(
            new
            {
                type = "error",
                error = new
                {
                    type = TypeOf(error.Status),
                    message = error.Parameter is null
                    || error.Message.Contains(error.Parameter, StringComparison.Ordinal)
                        ? error.Message
                        : $"{error.Parameter}: {error.Message}",
                    code = error.Code,
                },
                request_id = requestId,
            }
        );
}
