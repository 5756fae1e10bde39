// No header: only CLibXML2 includes those of libxml2, so that they (and the ICU headers behind them) never reach Swift.
