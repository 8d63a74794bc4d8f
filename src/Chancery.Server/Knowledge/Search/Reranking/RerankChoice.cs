namespace Chancery.Server.Knowledge.Search.Reranking;

/// <summary>What ranks the best passages again; what the setting RERANK takes, and a search's <c>rerank</c>.</summary>
public enum RerankChoice
{
    /// <summary>Of a search: what the setting says. Of the setting: the operator's cross-encoder where there is one, else nothing.</summary>
    Auto,

    /// <summary>Nothing.</summary>
    Off,

    /// <summary>The tokens of query and passage, by the local encoder.</summary>
    MaxSim,

    /// <summary>The operator's cross-encoder.</summary>
    Cross,
}

/// <summary>The choices as the API names them.</summary>
public static class RerankNames
{
    public const string Auto = "auto";
    public const string Off = "off";
    public const string MaxSim = "maxsim";
    public const string Cross = "cross";

    public const string Allowed = $"It is {Auto}, {Off}, {MaxSim} or {Cross}.";

    /// <summary>Whether it is one of them; left out it is <see cref="RerankChoice.Auto"/>.</summary>
    public static bool TryRead(string? name, out RerankChoice choice)
    {
        (choice, var isKnown) = name switch
        {
            null or Auto => (RerankChoice.Auto, true),
            Off => (RerankChoice.Off, true),
            MaxSim => (RerankChoice.MaxSim, true),
            Cross => (RerankChoice.Cross, true),
            _ => (RerankChoice.Auto, false),
        };
        return isKnown;
    }
}
