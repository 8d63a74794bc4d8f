using System.Text;
using System.Text.Json;
using Chancery.Models;
using Chancery.Server.Access;
using Chancery.Server.Answers.Chat;
using Chancery.Server.Answers.Models;
using Chancery.Server.Evaluation.Datasets;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Inference.Registry;
using Chancery.Server.Inference.Routing;
using Chancery.Server.Prompts.Storing;
using Chancery.Server.Prompts.Templates;
using Microsoft.Extensions.AI;

namespace Chancery.Server.Evaluation.Running;

/// <summary>Puts questions to one version of a prompt of the organisation's own: each fills its variable. Safe for concurrent use.</summary>
internal sealed class PromptAsker(PromptStore prompts, ModelCalls calls, ShutdownGrace grace)
{
    private const int MostCharacters = 200_000;
    private const int MessageTokens = 8;

    /// <summary>Most tokens of an answer, where neither the target nor the prompt says.</summary>
    private const int UsualTokens = 4096;

    /// <summary>The variable that a question fills: the one that is named, or the only one without a default; null for none.</summary>
    public static string? VariableOf(PromptContent content, string? named) =>
        named is not null ? content.Variables?.FirstOrDefault(variable => variable.Name == named)?.Name
        : content.Variables?.Where(variable => variable.Default is null).ToList() is [var only] ? only.Name
        : null;

    /// <exception cref="RunStoppedException">Further questions would end the same.</exception>
    public async Task<AskedQuestion> AskAsync(
        Principal principal,
        EvalTarget target,
        IReadOnlyList<ChatModel> models,
        EvalQuestion question,
        CancellationToken cancellationToken
    )
    {
        if (
            await prompts.FindVersionAsync(
                principal,
                target.Prompt!.Value,
                target.PromptVersion!.Value,
                cancellationToken
            )
                is not { Content: var content }
            || await prompts.FindAsync(principal, target.Prompt.Value, cancellationToken) is not { Name: var name }
            || VariableOf(content, target.Variable) is not { } variable
        )
        {
            throw new RunStoppedException("The prompt, its version or its variable is not there any more.");
        }

        var (text, faults) = PromptText.Fill(
            content,
            new Dictionary<string, JsonElement> { [variable] = JsonSerializer.SerializeToElement(question.Question) }
        );
        if (text is null)
        {
            return Failed(models[0].Id, string.Join(" ", faults.SelectMany(fault => fault.Value)));
        }

        return await PutAsync(
            principal,
            target,
            models,
            content,
            text,
            new UsedPrompt(name, target.PromptVersion.Value),
            cancellationToken
        );
    }

    /// <summary>Puts a text to models, one after the other.</summary>
    /// <param name="content">What is told before the text, and how they are asked where the target says nothing.</param>
    /// <param name="used">For traces; null where it is no version of a prompt.</param>
    /// <exception cref="RunStoppedException">Money is gone.</exception>
    public async Task<AskedQuestion> PutAsync(
        Principal principal,
        EvalTarget target,
        IReadOnlyList<ChatModel> models,
        PromptContent content,
        string text,
        UsedPrompt? used,
        CancellationToken cancellationToken
    )
    {
        var bill = new AnswerBill();
        AskedQuestion asked;
        await using (
            var voice = new ModelVoice(
                cancel =>
                    calls.OpenAsync(
                        Payer.Of(principal),
                        new UsagePurpose(UsageComponent.Evaluation, "prompt") { Prompt = used },
                        models,
                        model => RequestFor(model, target, content, text),
                        cancel
                    ),
                grace,
                cancellationToken,
                settled: cost => bill.Cost += cost
            )
        )
        {
            asked = await ReadAsync(voice, models[0]);
        }

        // What it cost is known once the voice is done with.
        return asked with
        {
            Cost = bill.Cost,
        };
    }

    private static async Task<AskedQuestion> ReadAsync(ModelVoice voice, ChatModel first)
    {
        var answer = new StringBuilder();
        while (true)
        {
            switch (await voice.NextAsync())
            {
                case ModelStep.Said said when answer.Length < MostCharacters:
                    answer.Append(said.Text);
                    break;
                case ModelStep.Broke broke:
                    return broke.OverBudget is not null
                        ? throw new RunStoppedException(ModelProblems.OfMoney(broke).Title!)
                        : Failed(first.Id, ModelProblems.Of(broke, first).Title!);
                case ModelStep.Ended ended:
                    return new AskedQuestion(
                        answer.ToString().Trim(),
                        AnswerOutcome.Answered,
                        voice.Model?.Id ?? first.Id,
                        [],
                        [],
                        [],
                        null
                    )
                    {
                        InputTokens = ended.Usage?.InputTokenCount ?? 0,
                        OutputTokens = ended.Usage?.OutputTokenCount ?? voice.EstimatedTokens,
                    };
            }
        }
    }

    private static ChatRequest RequestFor(ChatModel model, EvalTarget target, PromptContent content, string text)
    {
        List<ChatMessage> messages = [];
        if (content.System.Length > 0)
        {
            messages.Add(new ChatMessage(ChatRole.System, content.System));
        }

        if (text.Length > 0)
        {
            messages.Add(new ChatMessage(ChatRole.User, text));
        }

        return new ChatRequest(
            messages,
            new ChatOptions
            {
                Temperature = target.Temperature ?? (float?)content.Temperature,
                MaxOutputTokens = Math.Min(
                    target.MaxTokens ?? content.MaxTokens ?? UsualTokens,
                    model.MaxOutputTokens ?? int.MaxValue
                ),
            },
            messages.Sum(message => (long)TokenEstimate.Of(message.Text) + MessageTokens)
        );
    }

    private static AskedQuestion Failed(string model, string why) =>
        new("", AnswerOutcome.Failed, model, [], [], [], why);
}
