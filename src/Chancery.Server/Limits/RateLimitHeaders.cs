using System.Globalization;
using System.Text;
using Chancery.Server.Limits.Windows;

namespace Chancery.Server.Limits;

/// <summary><c>RateLimit</c> and <c>RateLimit-Policy</c> (draft-ietf-httpapi-ratelimit-headers).</summary>
internal static class RateLimitHeaders
{
    public static void Write(IHeaderDictionary headers, IReadOnlyList<WindowState> states)
    {
        var policy = new StringBuilder();
        var limit = new StringBuilder();
        foreach (var state in states)
        {
            var (between, rule) = (policy.Length == 0 ? "" : ", ", state.Rule);
            policy.Append(
                CultureInfo.InvariantCulture,
                $"{between}\"{rule.Name}\";q={rule.Most};w={(long)rule.Window.TotalSeconds}"
            );
            limit.Append(
                CultureInfo.InvariantCulture,
                $"{between}\"{rule.Name}\";r={state.Remaining};t={(long)Math.Ceiling(state.ResetsIn.TotalSeconds)}"
            );
        }

        headers["RateLimit-Policy"] = policy.ToString();
        headers["RateLimit"] = limit.ToString();
    }
}
