using Chancery.Guards.Injection;
using Chancery.Guards.Output;
using Chancery.Server.Inference.Telemetry;
using Chancery.Server.Knowledge.Search;

namespace Chancery.Server.Answers.Guarding;

/// <summary>
/// Counts what looks like an attempt to give a model other instructions. Nothing is refused or changed for it: more than half of published
/// attacks look like any other text (guards.md). Counts secrets, too, which the prompt leaves out. Safe for concurrent use.
/// </summary>
internal sealed class InjectionWatch(InferenceMeter meter)
{
    public const string Question = "question";
    public const string Document = "document";
    public const string Title = "title";

    /// <summary>Looked at beside the call of the model, which takes longer; never throws.</summary>
    /// <returns>Which of question, documents and titles looked like it; each is counted.</returns>
    public Task<IReadOnlyList<string>> LookAsync(string question, IReadOnlyList<Passage> passages) =>
        Task.Run<IReadOnlyList<string>>(() => Look(question, passages));

    private List<string> Look(string question, IReadOnlyList<Passage> passages)
    {
        var suspected = new List<string>();
        if (InjectionGuard.Score(question, InjectionSource.Question).IsInjection)
        {
            suspected.Add(Question);
        }

        if (passages.Any(passage => InjectionGuard.Score(passage.Text, InjectionSource.Document).IsInjection))
        {
            suspected.Add(Document);
        }

        if (
            passages
                .Select(passage => passage.Title)
                .Distinct()
                .Any(title => InjectionGuard.Score(title, InjectionSource.FileName).IsInjection)
        )
        {
            suspected.Add(Title);
        }

        if (SecretText.IsIn(question))
        {
            meter.GuardWithheld(GuardHit.Secret, Question);
        }

        if (passages.Any(passage => SecretText.IsIn(passage.Text) || SecretText.IsIn(passage.Title)))
        {
            meter.GuardWithheld(GuardHit.Secret, Document);
        }

        foreach (var source in suspected)
        {
            meter.InjectionSuspected(source);
        }

        return suspected;
    }
}
