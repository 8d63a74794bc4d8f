using Chancery.Server.Platform.Database;
using Chancery.Server.Platform.OpenApi;

namespace Chancery.Server.Knowledge.ModelChanges;

/// <summary>Which embedding model an organisation is searched with, and how far a change is.</summary>
/// <param name="Serving">By the name of its vectors; left out where there is no model.</param>
/// <param name="Chosen">What the organisation chose; left out where it follows the installation.</param>
/// <param name="Models">Those that it may choose from, the installation's own first, and others that it has vectors of.</param>
/// <param name="Change">The one that runs.</param>
/// <param name="Ended">The latest ones that ended, newest first.</param>
public sealed record SearchModelView(
    string? Serving,
    string? Chosen,
    IReadOnlyList<SearchModel> Models,
    ModelChangeView? Change,
    IReadOnlyList<ModelChangeView> Ended
);

/// <param name="Name">Under which its vectors are kept: the model and, of one in the server, a hash of its files.</param>
/// <param name="Label">As people call it.</param>
/// <param name="IsDefault">Whether it is the installation's own.</param>
/// <param name="IsLocal">Whether it runs in the server.</param>
/// <param name="IsOffered">Whether it may be chosen; false for one that only its vectors are left of.</param>
/// <param name="IsAvailable">Whether this server can encode with it.</param>
/// <param name="Vectors">That the organisation has of it, those of former versions included.</param>
/// <param name="KeptUntil">When its vectors are removed, where it served before.</param>
/// <param name="NanoDollarsPerToken">A billionth of a dollar; left out where it is not known.</param>
public sealed record SearchModel(
    string Name,
    string Label,
    bool IsServing,
    bool IsDefault,
    bool IsLocal,
    bool IsOffered,
    bool IsAvailable,
    int Vectors,
    DateTimeOffset? KeptUntil,
    long? NanoDollarsPerToken
);

/// <param name="State">forced: the former model could not be had any more, so that the other serves while its vectors are made.</param>
/// <param name="StartedBy">Left out where the installation's model changed.</param>
/// <param name="Passages">That search sees.</param>
/// <param name="Done">Passages with a vector of the model that is changed to.</param>
/// <param name="Refused">Passages that it does not take: words find them.</param>
/// <param name="SecondsLeft">At the present speed; left out while that is not known.</param>
/// <param name="Waiting">Why it does not go on just now.</param>
/// <param name="Failure">Why it failed.</param>
/// <param name="KeptUntil">Until then the former model's vectors are kept.</param>
public sealed record ModelChangeView(
    Guid Id,
    string From,
    string To,
    [property: OneOf(
        "ModelChangeState",
        ModelChangeState.Running,
        ModelChangeState.Done,
        ModelChangeState.Forced,
        ModelChangeState.Cancelled,
        ModelChangeState.Failed
    )]
        string State,
    Guid? StartedBy,
    DateTimeOffset StartedAt,
    DateTimeOffset? EndedAt,
    int Passages,
    int Done,
    int Refused,
    double? SecondsLeft,
    string? Waiting,
    DateTimeOffset? WaitingSince,
    string? Failure,
    DateTimeOffset? KeptUntil
);

/// <summary>Puts together what is told of an organisation's model. Safe for concurrent use.</summary>
internal sealed class SearchModelViews(ModelChoiceStore choices, EmbeddingModels models, TimeProvider time)
{
    public async Task<SearchModelView> OfAsync(TenantId tenant, int most, CancellationToken cancellationToken)
    {
        var (serving, chosen, changes) = await choices.FindAsync(tenant, most, cancellationToken);
        var vectors = (await choices.VectorsAsync(tenant, cancellationToken)).ToDictionary(
            one => one.Model,
            one => one.Passages
        );
        var now = time.GetUtcNow();
        var offered = models.All.Select(one => one.Identity!).ToArray();
        return new SearchModelView(
            serving,
            chosen,
            [.. offered.Union(vectors.Keys.Order(StringComparer.Ordinal)).Select(ModelOf)],
            changes.Where(change => change.State == ModelChangeState.Running).Select(ViewOf).FirstOrDefault(),
            [.. changes.Where(change => change.State != ModelChangeState.Running).Select(ViewOf)]
        );

        SearchModel ModelOf(string name)
        {
            var model = models.Find(name);
            return new SearchModel(
                name,
                models.LabelOf(name),
                name == serving,
                name == models.Default.Identity,
                model?.IsLocal ?? false,
                model is not null,
                model?.Model is not null,
                vectors.GetValueOrDefault(name),
                name == serving
                    ? null
                    : changes
                        .Where(change => change.FromModel == name && change.RemovedAt is null && change.KeptUntil > now)
                        .Max(change => change.KeptUntil),
                model is null ? null : models.PriceOf(model)
            );
        }
    }

    private static ModelChangeView ViewOf(ModelChange change) =>
        new(
            change.ChangeId,
            change.FromModel,
            change.ToModel,
            change.State,
            change.StartedBy,
            change.StartedAt,
            change.EndedAt,
            change.Passages,
            Math.Min(change.Done, change.Passages),
            change.Refused,
            change.SecondsLeft,
            change.Waiting,
            change.WaitingSince,
            change.Failure,
            change.KeptUntil
        );
}
