using Chancery.Models;
using Chancery.Server.Answers.Guarding;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Inference.Registry;
using Chancery.Server.Platform.Problems;
using Microsoft.AspNetCore.Mvc;

namespace Chancery.Server.Answers.Models;

/// <summary>What a caller is told when a model gave no whole answer.</summary>
internal static class ModelProblems
{
    /// <summary>Of a call whose answer nothing takes the place of, and nothing is stored of.</summary>
    public static ProblemDetails Of(ModelStep.Broke broke, ChatModel asked) =>
        broke.Blocked is { } hit ? Blocked(hit)
        : broke.OverBudget is not null || broke.IsUncounted ? OfMoney(broke)
        : broke.IsKeyRefused && asked.IsOwnKey ? KeyRefused(asked.Name)
        : broke.Fault is ModelException { Kind: ModelFailure.Client or ModelFailure.Context }
            ? Problem
                .Of(
                    400,
                    "model-refused",
                    "The model refused the request",
                    "It is too long for the model, or asks for what it does not take. Change it, or choose another model."
                )
                .ProblemDetails
        : (
            broke.Stopping
                ? Problem.Of(503, "shutting-down", "The server is stopping", "Ask again in a moment.")
                : Problem.Of(
                    502,
                    "model-failed",
                    "The model broke off",
                    "What there was is no whole answer. Ask again, or choose another model."
                )
        ).ProblemDetails;

    /// <param name="hit">Of <see cref="GuardHit"/>; null where it does not matter.</param>
    public static ProblemDetails Blocked(string? hit = null) =>
        Problem
            .Of(
                502,
                "answer-blocked",
                "The answer was stopped",
                hit == GuardHit.PersonalData
                    ? "The model was about to tell personal data that stands in no passage, which your organisation refuses. What came "
                        + "before stands. Ask otherwise."
                    : "The model was about to tell a secret, or our own instructions. What came before stands. Ask otherwise, or leave out "
                        + "the document that holds it."
            )
            .ProblemDetails;

    public static ProblemDetails OfMoney(ModelStep.Broke broke) =>
        (
            broke.OverBudget is { } refusal
                ? BudgetProblem.Of(refusal)
                : Problem.Unavailable(
                    "What models cost cannot be counted just now, so that none is asked. Try again in a moment, or choose the model extractive."
                )
        ).ProblemDetails;

    public static ProblemDetails KeyRefused(string model) =>
        Problem
            .Of(
                400,
                "provider-key-refused",
                "The provider refused your key",
                $"{model} does not take the key that you entered. Check it and your account there, enter it again in "
                    + "the settings, or choose another model."
            )
            .ProblemDetails;

    /// <summary>With what every problem carries, for one that travels inside an answer.</summary>
    public static ProblemDetails Complete(ProblemDetails problem, string traceId)
    {
        problem.Extensions["code"] = problem.Type![Problem.TypePrefix.Length..];
        problem.Extensions["traceId"] = traceId;
        return problem;
    }
}
