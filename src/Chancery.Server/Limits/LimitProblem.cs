using System.Globalization;
using Chancery.Server.Limits.Windows;
using Chancery.Server.Platform.Problems;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Chancery.Server.Limits;

/// <summary>What somebody is told who has done as much as they may.</summary>
internal static class LimitProblem
{
    /// <summary>429: which limit, how much it is, when it lets requests through again, and what to do.</summary>
    public static ProblemHttpResult Of(WindowState refused, long seconds)
    {
        var rule = refused.Rule;
        var problem = Problem.TooManyRequests(
            $"Rate limit exceeded: {Sentence(rule)} Try again in {Wait(seconds)}{Advice(rule)}."
        );
        var more = problem.ProblemDetails.Extensions;
        more["limit_name"] = rule.Name;
        more["limit"] = rule.Most;
        more["window_seconds"] = (long)rule.Window.TotalSeconds;
        more["resets_at"] = refused.ResetsAt;
        more["retry_after"] = seconds;
        return problem;
    }

    private static string Sentence(WindowRule rule)
    {
        var window = WindowWords(rule.Window);
        return rule.Name switch
        {
            "key" or "key_requests" => $"this key may make {Number(rule.Most)} requests {window}.",
            "ip" => $"an address may make {Number(rule.Most)} requests {window} without signing in.",
            "requests_per_hour" => $"your organisation may ask, search and upload {Number(rule.Most)} times {window}.",
            "key_upgrades_per_minute" => $"this key may have {Number(rule.Most)} prompts upgraded {window}.",
            "upgrades_per_minute" => $"you may have {Number(rule.Most)} prompts upgraded {window}.",
            _ => $"you may make {Number(rule.Most)} requests {window}.",
        };
    }

    private static string Advice(WindowRule rule) =>
        rule.Name switch
        {
            "key" => ", or ask an admin for a key with a higher limit",
            "ip" => ", or sign in",
            _ => ", or ask the operator for more",
        };

    private static string WindowWords(TimeSpan window) =>
        window.TotalSeconds switch
        {
            60 => "a minute",
            3600 => "an hour",
            var seconds => $"in {Number((long)seconds)} seconds",
        };

    private static string Wait(long seconds) => seconds < 120 ? $"{seconds} s" : $"{(seconds + 59) / 60} minutes";

    private static string Number(long number) => number.ToString("#,0", CultureInfo.InvariantCulture);
}
