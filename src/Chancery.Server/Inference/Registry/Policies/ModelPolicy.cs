namespace Chancery.Server.Inference.Registry.Policies;

/// <summary>What an organisation decided about models, and the operator for it.</summary>
/// <param name="Default">A model or a chain; null for the installation's.</param>
/// <param name="Allowed">By the organisation; null for all.</param>
/// <param name="AllowedByOperator">Null for all.</param>
public sealed record ModelPolicy(
    string? Default,
    IReadOnlyList<string>? Allowed,
    IReadOnlyList<string>? AllowedByOperator
)
{
    public static ModelPolicy None { get; } = new(null, null, null);

    // Looked at for each call: made once, and null where nothing is forbidden.
    private readonly HashSet<string>? _allowed = (Allowed, AllowedByOperator) switch
    {
        (null, null) => null,
        ({ } own, null) => new(own, StringComparer.OrdinalIgnoreCase),
        (null, { } operators) => new(operators, StringComparer.OrdinalIgnoreCase),
        var (own, operators) => new(
            own.Intersect(operators, StringComparer.OrdinalIgnoreCase),
            StringComparer.OrdinalIgnoreCase
        ),
    };

    public bool AllowsAll => _allowed is null;

    /// <summary>Quoting from documents asks no model: it is always allowed.</summary>
    public bool Allows(string model) =>
        _allowed is null
        || _allowed.Contains(model)
        || model.Equals(ChatModel.ExtractiveId, StringComparison.OrdinalIgnoreCase);

    public bool Allows(ChatModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return Allows(model.Id);
    }
}
