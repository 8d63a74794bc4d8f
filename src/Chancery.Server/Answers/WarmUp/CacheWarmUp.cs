using Chancery.Models;
using Chancery.Server.Access.Organizations;
using Chancery.Server.Answers.Chat;
using Chancery.Server.Answers.Memory;
using Chancery.Server.Answers.Prompting;
using Chancery.Server.Inference.Caching;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Inference.Registry;
using Chancery.Server.Inference.Routing;
using Chancery.Server.Knowledge.QueryLog;
using Chancery.Server.Knowledge.Search;
using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.Scheduling;
using Microsoft.Extensions.AI;

namespace Chancery.Server.Answers.WarmUp;

/// <summary>Answers an organisation's popular questions ahead of time, so that whoever asks them next does not wait.</summary>
/// <remarks>
/// Popular is what several people searched for. It is answered from what everybody in the organisation may read: whoever is found the same
/// passages is given the answer, and whoever may read more is not. Bounded in number and money; an exhausted budget ends it.
/// </remarks>
internal sealed class CacheWarmUp(
    WarmUpOptions options,
    PopularQueries popular,
    IPassageSearch search,
    ModelChoice choice,
    ModelCalls calls,
    AnswerCache cache,
    TokenCalibration calibration,
    OrganizationStore organizations,
    TimeProvider time,
    ILogger<CacheWarmUp> logger
) : ITenantJob
{
    /// <summary>One person's question is theirs, however often they ask it.</summary>
    private const int LeastAskers = 2;

    private static readonly TimeSpan Lately = TimeSpan.FromDays(7);

    public async Task RunAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        if (
            options.Questions == 0
            || !cache.Options.IsOn
            || await choice.ChainAsync(tenant, cancellationToken) is not [{ IsExtractive: false } model, ..]
        )
        {
            return;
        }

        var questions = await popular.OfAsync(
            tenant,
            time.GetUtcNow() - Lately,
            LeastAskers,
            options.Questions,
            cancellationToken
        );
        var spent = NanoDollars.Zero;
        foreach (var question in questions)
        {
            if (await RequestOfAsync(tenant, model, question, cancellationToken) is not { } request)
            {
                continue;
            }

            if (model.PricesOn(DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime)) is not { } prices)
            {
                return;
            }

            if (spent + prices.WorstCase(request.InputTokens, request.Options.MaxOutputTokens ?? 0) > options.Budget)
            {
                return;
            }

            if (await AskAsync(tenant, model, request, cancellationToken) is not { } cost)
            {
                return;
            }

            spent += cost;
        }
    }

    /// <summary>Null where there is nothing to answer from, or it is answered already.</summary>
    private async Task<ChatRequest?> RequestOfAsync(
        TenantId tenant,
        ChatModel model,
        string question,
        CancellationToken cancellationToken
    )
    {
        var found = await search.SearchAsync(
            tenant,
            new PassageQuery(question, AnswersOptions.PassageLimit, ForAnswer: true) { Reader = Reader.Nobody },
            cancellationToken
        );
        if (found.Passages.Count == 0)
        {
            return null;
        }

        var rules = await organizations.RulesAsync(tenant, cancellationToken);
        var telling = new ToldExchange(question, found.Passages, [], null);
        telling = rules.HidesPersonalData ? telling.Hide() : telling;
        var prompt = PromptBuilder.Build(
            telling.Question,
            telling.Passages,
            [],
            calibration.WindowOf(model),
            hasPlaceholders: telling.Hidden is not null
        );
        var request = ModelRequests.Of(
            tenant,
            model,
            prompt,
            new ChatOptions { MaxOutputTokens = prompt.MaxOutputTokens },
            CacheFreshness.Any
        );
        return request.Cache?.Key is { } key && await cache.FindAsync(key, cancellationToken) is null ? request : null;
    }

    /// <summary>What it cost; null where no more is to be asked.</summary>
    private async Task<NanoDollars?> AskAsync(
        TenantId tenant,
        ChatModel model,
        ChatRequest request,
        CancellationToken cancellationToken
    )
    {
        var outcome = await calls.OpenAsync(
            new Payer(tenant, Guid.Empty, KeyId: null),
            new UsagePurpose(UsageComponent.WarmUp, "answer"),
            [model],
            _ => request,
            cancellationToken
        );
        if (outcome is not RouteOutcome<ChatResponseUpdate>.Answering { Answer: var answer })
        {
            return null;
        }

        await using (answer)
        {
            try
            {
                while (await answer.MoveNextAsync()) { }
            }
            catch (ModelException exception)
            {
                Log.NotWarmedUp(logger, exception);
                return null;
            }
        }

        return answer.Cost;
    }
}
