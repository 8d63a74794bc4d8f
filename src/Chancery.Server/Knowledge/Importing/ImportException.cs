namespace Chancery.Server.Knowledge.Importing;

/// <summary>An import cannot be done as it was asked for. The message tells an operator what to do.</summary>
public sealed class ImportException(string message) : Exception(message);
